# An image is linked twice: without a symbol table, and with the one that was made from the first link.

# kyu_add_image(NAME [INLINES] LIBRARIES ... SOURCES ...): NAME.elf. INLINES: the table also knows which inlined
# functions are active at an address, for signatures.
function(kyu_add_image name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "INLINES" "" "LIBRARIES;SOURCES")
  add_library(${name}_objects OBJECT ${arg_SOURCES})
  target_link_libraries(${name}_objects PUBLIC ${arg_LIBRARIES})
  kyu_link_image(${name}.first ${CMAKE_CURRENT_BINARY_DIR}/no_symbols.S ${name}_objects ${arg_LIBRARIES})
  set(inlines "")
  if(arg_INLINES)
    set(inlines --inlines llvm-symbolizer-19)
  endif()
  set(table ${CMAKE_CURRENT_BINARY_DIR}/${name}.symbols.S)
  add_custom_command(OUTPUT ${table} DEPENDS ${name}.first ${KYU_MAKE_SYMBOLS} VERBATIM
    COMMAND Python3::Interpreter ${KYU_MAKE_SYMBOLS} --nm ${CMAKE_NM} --elf $<TARGET_FILE:${name}.first>
            ${inlines} -o ${table})
  kyu_link_image(${name}.elf ${table} ${name}_objects ${arg_LIBRARIES})
endfunction()

# The libraries are named here once more: objects are linked only where they are named themselves.
function(kyu_link_image file table)
  add_executable(${file} ${table})
  target_link_libraries(${file} PRIVATE ${ARGN})
  target_link_options(${file} PRIVATE -nostartfiles -Wl,--gc-sections -Wl,-z,max-page-size=4096
                      -Wl,--no-warn-rwx-segments -T ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/boot/image.ld)
  set_target_properties(${file} PROPERTIES LINK_DEPENDS ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/boot/image.ld)
endfunction()

set(KYU_MAKE_SYMBOLS ${CMAKE_CURRENT_LIST_DIR}/symbols/make_symbols.py)
add_custom_command(OUTPUT no_symbols.S DEPENDS ${KYU_MAKE_SYMBOLS} VERBATIM
  COMMAND Python3::Interpreter ${KYU_MAKE_SYMBOLS} --nm ${CMAKE_NM} -o no_symbols.S)
