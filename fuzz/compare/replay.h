// What both sides have played, and what may be asked of it.
#pragma once

#include "compare/meaning.h"
#include "scenario/op.h"

#include <cstdint>
#include <string_view>

namespace kyu::fuzz {

// And what our side of it said.
struct replay {
  const scenario &ops;
  const meaning &ours;
};

// --- of one op
// A parameter's value by name; the op has it.
int32_t param_of(const op &, const char *name);
// The same of one that is chosen from several, or is relative to one of them: its name.
std::string_view choice_of(const op &, std::string_view name);
// It sets or asks for this option of a socket.
bool sets(const op &, std::string_view option);
// The segment that it sends has this bit.
bool brings(const op &, int bit);
// That is an ACK and nothing else.
bool is_mere_ack(const op &);
// How far from where it might be expected that segment's number lies; 0: another op.
int32_t offset_of(const op &, const char *number);
// It takes the peer's window to nothing.
bool closes_window(const op &);
// A frame as it is, with an ACK in it and nothing else.
bool is_raw_ack(const op &);

// --- of the script
// Milliseconds that pass behind an op.
uint64_t time_left(const scenario &, int32_t from);
// One of those up to an op, and this one.
bool any_before(const scenario &, int32_t end, bool (*is)(const op &));

// --- of those in front of an op
// How many segments with this bit they send.
int32_t segments_before(const replay &, int32_t before, int bit);
int32_t syns_before(const replay &, int32_t before);
// How many bytes they send in segments, and how many datagrams.
int32_t bytes_before(const replay &, int32_t before);
int32_t datagrams_before(const replay &, int32_t before);
// They have made the descriptor a listener.
bool listens(const replay &, int32_t before, int32_t fd);
// The least that some listener was given.
int32_t least_backlog(const replay &, int32_t before);

}  // namespace kyu::fuzz
