# How a program is put together: the stack's objects first, so that an inline function that both the
# stack and an uninstrumented harness have is the stack's instrumented one.

# kyu_stack_with_bug(VARIABLE BUG): the stack's objects, with the seeded bug's in place of those that it changes; an
# empty BUG: as they are.
function(kyu_stack_with_bug variable bug)
  set(objects $<TARGET_OBJECTS:kyu_stack_objects>)
  if(bug)
    get_target_property(replaced bug.${bug} KYU_REPLACES)
    set(objects $<TARGET_OBJECTS:bug.${bug}> $<FILTER:${objects},EXCLUDE,${replaced}>)
  endif()
  set(${variable} ${objects} PARENT_SCOPE)
endfunction()

# kyu_add_program(NAME [ON_DEMAND] [BUG name] LIBRARIES ...)
function(kyu_add_program program)
  cmake_parse_arguments(PARSE_ARGV 1 arg "ON_DEMAND" "BUG" "LIBRARIES")
  kyu_stack_with_bug(objects "${arg_BUG}")
  add_executable(${program} ${objects})
  if(arg_ON_DEMAND)
    set_target_properties(${program} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
  target_link_libraries(${program} PRIVATE ${arg_LIBRARIES})
endfunction()

# A fuzz target, and NAME_main to link it once more with a seeded bug.
function(kyu_add_target name)
  set(engine ${KYU_FUZZING_ENGINE})
  if(engine STREQUAL afl)  # Debian's; its compilers are older than ours
    set(engine /usr/lib/afl/libAFLDriver.a /usr/lib/afl/afl-compiler-rt.o)
  endif()
  add_library(${name}_main OBJECT ${ARGN})
  target_link_libraries(${name}_main PUBLIC kyu_fuzz)
  target_link_libraries(${name}_main INTERFACE ${engine})
  kyu_add_program(${name} LIBRARIES ${name}_main)
endfunction()

# NAME.mutator.so: a target's mutator, for afl-fuzz to load. That one has no sanitizer, so what the mutator needs of
# the stack is compiled once more, and what that would need in turn falls away.
function(kyu_add_afl_mutator target)
  string(REPLACE "fuzz_" "" which ${target})
  add_library(${target}.mutator MODULE targets/afl_mutator.cc targets/custom_mutator.cc ${CMAKE_SOURCE_DIR}/stack/ip/in_cksum.cc)
  target_compile_definitions(${target}.mutator PRIVATE KYU_TARGET=${which})
  target_link_libraries(${target}.mutator PRIVATE kyu_fuzz)
  target_compile_options(${target}.mutator PRIVATE -ffunction-sections)
  target_link_options(${target}.mutator PRIVATE -fno-sanitize=all -Wl,-z,defs -Wl,--gc-sections)
  set_target_properties(${target}.mutator PROPERTIES PREFIX "")
endfunction()

# A seeded bug: its patch is applied to a copy of stack/, and the files that it changes are compiled
# in place of the originals. It must therefore touch .cc files only.
function(kyu_add_bug name)
  set(copy ${CMAKE_CURRENT_BINARY_DIR}/bugs/${name})
  set(patch ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/bugs/${name}.patch)
  execute_process(COMMAND ${CMAKE_SOURCE_DIR}/ci/apply-bug ${CMAKE_SOURCE_DIR} ${name} ${copy}
                  RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "seeded bug ${name} does not apply")
  endif()
  file(STRINGS ${patch} changed REGEX "^\\+\\+\\+ b/")
  set(sources "")
  set(replaced "")
  foreach(line ${changed})
    string(REGEX REPLACE "^\\+\\+\\+ b/" "" file "${line}")
    if(NOT file MATCHES "^stack/.*\\.cc$")
      message(FATAL_ERROR "seeded bug ${name} changes ${file}; only .cc files of stack/ can be")
    endif()
    list(APPEND sources ${copy}/${file})
    string(REGEX REPLACE "^stack/" "/" object "${file}")
    string(REPLACE "." "[.]" object "${object}")
    list(APPEND replaced "${object}[.]o(bj)?$")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${file})
  endforeach()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${patch})
  add_library(bug.${name} OBJECT ${sources})
  if(KYU_HARNESS_OPTIONS)  # which this directory has, and the stack has not
    get_target_property(options bug.${name} COMPILE_OPTIONS)
    list(REMOVE_ITEM options ${KYU_HARNESS_OPTIONS})
    set_target_properties(bug.${name} PROPERTIES COMPILE_OPTIONS "${options}")
  endif()
  target_compile_options(bug.${name} PRIVATE ${KYU_STACK_OPTIONS})
  if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
    target_compile_options(bug.${name} PRIVATE -Wno-thread-safety)  # some are what it warns of
  endif()
  target_link_libraries(bug.${name} PUBLIC kyu_stack)
  list(JOIN replaced "|" replaced)
  set_target_properties(bug.${name} PROPERTIES KYU_REPLACES "${replaced}")
endfunction()
