# Tests of the harness and of the stack in it.
find_package(Python3 REQUIRED COMPONENTS Interpreter)

add_test(NAME corpus.seeds
         COMMAND sh -c "$<TARGET_FILE:kyufuzz> run ${CMAKE_SOURCE_DIR}/corpus/seeds/*.scenario")

file(GLOB regressions CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/corpus/regressions/*.scenario)
foreach(script ${regressions})
  get_filename_component(name ${script} NAME_WE)
  add_test(NAME regression.${name}
           COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/prove_regression.py $<TARGET_FILE:kyufuzz> ${script})
endforeach()

# A real Linux client over TAP. Exit status 77: no network namespace can be made here.
set(linux_transfers ${CMAKE_CURRENT_LIST_DIR}/linux_transfers.py)
add_test(NAME linux.transfers COMMAND Python3::Interpreter ${linux_transfers} $<TARGET_FILE:kyufuzz>)
add_test(NAME linux.transfers.accept-keeps-nofdref
         COMMAND Python3::Interpreter ${linux_transfers} $<TARGET_FILE:kyufuzz.accept-keeps-nofdref>
                 ${CMAKE_SOURCE_DIR}/corpus/regressions/accept-keeps-nofdref.scenario)
set_tests_properties(linux.transfers linux.transfers.accept-keeps-nofdref
                     PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
