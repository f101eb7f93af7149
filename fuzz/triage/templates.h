// The pages' templates (Mustache), which are files beside this one.
#pragma once

namespace kyu::fuzz {

extern const char *const style_template, *const bucket_template, *const index_template, *const junit_template;

}  // namespace kyu::fuzz
