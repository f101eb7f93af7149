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
