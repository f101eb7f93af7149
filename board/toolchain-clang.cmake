# clang 19, for KASAN, with the headers and libraries of Debian's arm-none-eabi-g++, which also links.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_CXX_COMPILER clang++-19)
set(CMAKE_CXX_COMPILER_TARGET arm-none-eabi)
set(CMAKE_ASM_COMPILER arm-none-eabi-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

set(CMAKE_CXX_LINK_EXECUTABLE "arm-none-eabi-g++ <LINK_FLAGS> <OBJECTS> -o <TARGET> <LINK_LIBRARIES>")
