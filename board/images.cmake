# An image is linked twice: without a symbol table, and with the one that was made from the first link.

# kyu_add_image(NAME [INLINES] [ON_DEMAND] [BUG name] LIBRARIES ...): NAME.elf, of the stack and these object libraries.
# INLINES: the table also knows which inlined functions are active at an address, for signatures.
function(kyu_add_image name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "INLINES;ON_DEMAND" "BUG" "LIBRARIES")
  kyu_stack_with_bug(stack "${arg_BUG}")
  kyu_link_image(${name}.first ${CMAKE_CURRENT_BINARY_DIR}/no_symbols.S "${stack}" ${arg_LIBRARIES})
  set(inlines "")
  if(arg_INLINES)
    set(inlines --inlines llvm-symbolizer-19)
  endif()
  set(table ${CMAKE_CURRENT_BINARY_DIR}/${name}.symbols.S)
  add_custom_command(OUTPUT ${table} DEPENDS ${name}.first ${KYU_MAKE_SYMBOLS} VERBATIM
    COMMAND Python3::Interpreter ${KYU_MAKE_SYMBOLS} --nm ${CMAKE_NM} --elf $<TARGET_FILE:${name}.first>
            ${inlines} -o ${table})
  kyu_link_image(${name}.elf ${table} "${stack}" ${arg_LIBRARIES})
  if(arg_ON_DEMAND)
    set_target_properties(${name}.first ${name}.elf PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
endfunction()

function(kyu_link_image file table stack)
  add_executable(${file} ${table} ${stack})
  target_link_libraries(${file} PRIVATE ${ARGN})
  target_link_options(${file} PRIVATE -nostartfiles -Wl,--gc-sections -Wl,-z,max-page-size=4096
                      -Wl,--no-warn-rwx-segments -T ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/boot/image.ld)
  set_target_properties(${file} PROPERTIES LINK_DEPENDS ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/boot/image.ld)
endfunction()

set(KYU_MAKE_SYMBOLS ${CMAKE_CURRENT_LIST_DIR}/symbols/make_symbols.py)
add_custom_command(OUTPUT no_symbols.S DEPENDS ${KYU_MAKE_SYMBOLS} VERBATIM
  COMMAND Python3::Interpreter ${KYU_MAKE_SYMBOLS} --nm ${CMAKE_NM} -o no_symbols.S)
