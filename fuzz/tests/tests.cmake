# Tests of the harness and of the stack in it.
add_test(NAME corpus.seeds
         COMMAND sh -c "$<TARGET_FILE:kyufuzz> run ${CMAKE_SOURCE_DIR}/corpus/seeds/*.scenario")
