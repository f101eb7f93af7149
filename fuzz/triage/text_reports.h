// Findings in text that programs leave behind: our own reports, the sanitizers', libFuzzer's logs around
// them, and what a board prints on its serial line when it dies.
#pragma once

#include "watch/finding.h"

#include <string_view>
#include <vector>

namespace kyu::fuzz {

// All findings of a text, in its order; each has kind, summary, signature and, where the text has them, the
// frames. Empty: there is none. Any bytes will do.
//
// Where one of our own reports is, it is what happened: the sanitizer's beside it and the panic behind it are
// of the same death. A panic has the signature "panic:TEXT:f1<f2<f3", a sanitizer's report "KIND:f1<f2<f3",
// and a data race the innermost own frame of each side, in the order of the alphabet.
std::vector<watch::finding> findings_in_text(std::string_view);

}  // namespace kyu::fuzz
