# Tests of the harness and of the stack in it.
# GoogleTest from its sources, so that it is built as the rest is: for 32 bit, with sanitizers.
set(INSTALL_GTEST OFF)
add_subdirectory(/usr/src/googletest ${CMAKE_BINARY_DIR}/googletest EXCLUDE_FROM_ALL)
foreach(library gtest gtest_main)
  target_compile_options(${library} PRIVATE -w)
endforeach()

# All there are: one that had to be named here was once forgotten, and never ran.
file(GLOB_RECURSE unit_tests_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/fuzz/*_test.cc ${CMAKE_SOURCE_DIR}/stack/*_test.cc)
add_library(unit_tests_main OBJECT ${unit_tests_sources} tests/conversation.cc)
# They do on purpose what a defect of the stack would do, and so are instrumented as the stack is.
target_compile_options(unit_tests_main PRIVATE ${KYU_SANITIZE_OPTIONS})
target_link_libraries(unit_tests_main PUBLIC kyu_cli gtest gtest_main)
kyu_add_program(unit_tests LIBRARIES unit_tests_main)
add_test(NAME unit_tests COMMAND unit_tests --gtest_brief=1)

if(TARGET kyu_packetdrill)
  add_test(NAME packetdrill.interface COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/packetdrill_test.py
                                              $<TARGET_FILE:kyu_packetdrill>)
endif()

add_test(NAME corpus.seeds
         COMMAND sh -c "$<TARGET_FILE:kyufuzz> run ${CMAKE_SOURCE_DIR}/corpus/seeds/*.scenario")

# The library of fuzz_schedule: nothing is found under any schedule with one preemption.
file(GLOB concurrent CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/corpus/concurrent/*.scenario)
add_test(NAME corpus.concurrent COMMAND kyufuzz explore --preemptions 1 ${concurrent})

add_test(NAME cli COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/cli_test.py
                          $<TARGET_FILE:kyufuzz> ${CMAKE_SOURCE_DIR}/corpus)

if(KYU_FUZZERS AND KYU_SANITIZE MATCHES address)  # once is enough
  add_test(NAME triage COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/triage_test.py
                               $<TARGET_FILE:kyufuzz> ${CMAKE_SOURCE_DIR}/corpus)
  add_test(NAME pages COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/page_test.py
                              $<TARGET_FILE:kyufuzz> ${CMAKE_SOURCE_DIR}/corpus)
  set_tests_properties(pages PROPERTIES SKIP_RETURN_CODE 77)
endif()

if(NOT KYU_M32)
  add_test(NAME import COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/import_test.py $<TARGET_FILE:kyufuzz>)
endif()

add_test(NAME corpus.regressions
         COMMAND sh -c "$<TARGET_FILE:kyufuzz> run ${CMAKE_SOURCE_DIR}/corpus/regressions/*.scenario")
file(GLOB regressions CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/corpus/regressions/*.scenario)
foreach(script ${regressions})
  get_filename_component(name ${script} NAME_WE)
  kyu_is_proven(${name} proven)
  if(proven)
    add_test(NAME regression.${name}
             COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/prove_regression.py $<TARGET_FILE:kyufuzz> ${script})
  endif()
endforeach()

# Real threads. Races are found within a second; where nothing is, the time is over.
if(TARGET kyu_stress)
  add_test(NAME stress COMMAND kyu_stress --seconds 15)
  add_test(NAME linux.stress COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/linux_stress.py
                                     $<TARGET_FILE:kyu_stress> --seconds 15)
  set_tests_properties(linux.stress PROPERTIES SKIP_RETURN_CODE 77)
  foreach(bug ${KYU_RACES})
    add_test(NAME stress.${bug} COMMAND kyu_stress.${bug} --seconds 60)
    set_tests_properties(stress.${bug} PROPERTIES PASS_REGULAR_EXPRESSION "ThreadSanitizer: data race")
  endforeach()
endif()

# The compiler refuses a file that touches without the locker what it guards (sys/guarded.h).
if(KYU_REPOSITORY_TESTS)
  foreach(bug ${KYU_RACES})
    get_target_property(source bug.${bug} SOURCES)
    add_test(NAME thread_safety.${bug}
             COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 -fsyntax-only -ffreestanding -Wthread-safety -Werror
                     -DKYU_ASSERTIONS=1 -iquote ${CMAKE_SOURCE_DIR}/stack ${source})
    set_tests_properties(thread_safety.${bug} PROPERTIES PASS_REGULAR_EXPRESSION "requires holding locker")
  endforeach()
endif()

# A real Linux client over TAP. Exit status 77: no network namespace can be made here.
set(linux_transfers ${CMAKE_CURRENT_LIST_DIR}/linux_transfers.py)
add_test(NAME linux.transfers COMMAND Python3::Interpreter ${linux_transfers} $<TARGET_FILE:kyufuzz>)
# Not with MemorySanitizer, which meets the same defect in real time under another name.
if(NOT KYU_SANITIZE MATCHES memory)
  add_test(NAME linux.transfers.accept-keeps-nofdref
           COMMAND Python3::Interpreter ${linux_transfers} $<TARGET_FILE:kyufuzz.accept-keeps-nofdref>
                   --regression ${CMAKE_SOURCE_DIR}/corpus/regressions/accept-keeps-nofdref.scenario)
  set_tests_properties(linux.transfers.accept-keeps-nofdref PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
endif()
set(linux_lossy ${CMAKE_CURRENT_LIST_DIR}/linux_lossy.py)
add_test(NAME linux.good-wire COMMAND Python3::Interpreter ${linux_lossy} $<TARGET_FILE:kyufuzz> --loss 0 --jitter 0)
set_tests_properties(linux.good-wire PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600)
if(KYU_REPOSITORY_TESTS)  # it waits for retransmissions most of the time: once is enough
  add_test(NAME linux.bad-wire COMMAND Python3::Interpreter ${linux_lossy} $<TARGET_FILE:kyufuzz> --megabytes 0.5
                                       --connections 50)
  set_tests_properties(linux.bad-wire PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600)
endif()
if(KYU_REPOSITORY_TESTS)
  add_test(NAME linux.peers
           COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/linux_peers.py $<TARGET_FILE:kyufuzz>)
  set_tests_properties(linux.peers PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600)
endif()
if(KYU_REPOSITORY_TESTS)
  add_test(NAME linux.compare COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/linux_compare.py $<TARGET_FILE:kyufuzz>
                                      ${CMAKE_SOURCE_DIR}/corpus)
  set_tests_properties(linux.compare PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600)
endif()
set_tests_properties(linux.transfers PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
