# How everything is compiled that runs on the board. Unaligned accesses fault, also where the processor could do
# them: so a missed be16 shows. The C library is the one for any ARM, whose memcpy() makes none either.
# No function is split in two, of which one is inlined: call stacks have the frames that clang's have on the host.
enable_language(ASM)
add_compile_options(-mcpu=cortex-a7 -marm -mfloat-abi=soft -mno-unaligned-access -fno-exceptions -fno-rtti
                    -fasynchronous-unwind-tables -ffunction-sections -fdata-sections -fno-partial-inlining -Wno-psabi)
