# How everything is compiled that runs on the board. Unaligned accesses fault, also where the processor could do
# them: so a missed be16 shows. The C library is the one for any ARM, whose memcpy() makes none either.
# A frame fits into the unmapped pages below a stack (kernel/thread.cc).
# No function is split in two, of which one is inlined: call stacks have the frames that clang's have on the host.
enable_language(ASM)
add_compile_options(-mcpu=cortex-a7 -marm -mfloat-abi=soft -mno-unaligned-access -fno-exceptions -fno-rtti
                    -fasynchronous-unwind-tables -ffunction-sections -fdata-sections -Wno-psabi -Wframe-larger-than=16384)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  add_compile_options(-fno-partial-inlining)
else()
  # The C++ library is g++'s.
  execute_process(COMMAND arm-none-eabi-g++ -x c++ -E -v /dev/null ERROR_VARIABLE verbose OUTPUT_QUIET)
  string(REGEX MATCHALL "\n /[^\n]*/[.][.]/arm-none-eabi/include[^\n]*" folders "${verbose}")
  add_compile_options(-nostdinc++)
  foreach(folder ${folders})
    string(STRIP "${folder}" folder)
    add_compile_options("SHELL:-isystem ${folder}")
  endforeach()
endif()
