# Tests that boot images in QEMU.

# kyu_add_damage(NAME PANIC CALLER): what its panic says, and who is among the callers.
function(kyu_add_damage damage panic caller)
  add_library(kyu_damage_${damage} OBJECT images/${damage_source})
  target_compile_options(kyu_damage_${damage} PRIVATE ${KYU_SANITIZE_OPTIONS})
  target_compile_definitions(kyu_damage_${damage} PRIVATE KYU_DAMAGE="${damage}")
  target_link_libraries(kyu_damage_${damage} PUBLIC kyu_kernel)
  kyu_add_image(damage.${damage} LIBRARIES kyu_damage_${damage} kyu_kernel ${damage_libraries})
  add_test(NAME board.damage.${damage}
           COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/tests/damage_test.py
                   $<TARGET_FILE:damage.${damage}.elf> ${panic} ${caller})
endfunction()
if(KYU_KASAN)
  set(damage_source kasan_damage.cc)
  set(damage_libraries kyu_witness kyu_sanitizers)
  kyu_add_damage(global_overflow "global-buffer-overflow" global_overflow)
  kyu_add_damage(stack_array_overflow "stack-buffer-overflow" stack_array_overflow)
  kyu_add_damage(copy_too_long "stack-buffer-overflow" copy_too_long)
else()
  set(damage_source damage.cc)
  set(damage_libraries kyu_no_witness)
  kyu_add_damage(stack_overflow "stack overflow" eat_stack)
  kyu_add_damage(null_call "null pointer" null_call)
  kyu_add_damage(unaligned_access "unaligned access" unaligned_access)
  kyu_add_damage(deadlock "deadlock: every thread sleeps, and nothing is left that could wake one" sem_wait)
  kyu_add_damage(endless_loop "watchdog: not fed in time" endless_loop)
  kyu_add_damage(write_to_code "page is read only, or no code" write_to_code)
  kyu_add_damage(undefined_instruction "undefined instruction" undefined_instruction)
endif()

set(images kyu kyu-guard)
set(replays kyu-replay kyu-replay-guard)
if(KYU_KASAN)
  set(images kyu-kasan)
  set(replays kyu-replay-kasan)
endif()

# Every regression and seed; that their digests are the host's is the gate's matter (ci/gate).
foreach(image ${replays})
  add_test(NAME board.replay.${image}
           COMMAND ${CMAKE_SOURCE_DIR}/ci/board replay --image $<TARGET_FILE:${image}.elf>)
endforeach()

# A real Linux client on the emulated Ethernet. Exit status 77: no network namespace can be made here.
set(linux_transfers ${CMAKE_SOURCE_DIR}/fuzz/tests/linux_transfers.py --board)
foreach(image ${images})
  add_test(NAME board.transfers.${image}
           COMMAND Python3::Interpreter ${linux_transfers} $<TARGET_FILE:${image}.elf> --transfers 200)
  set_tests_properties(board.transfers.${image} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
endforeach()

if(KYU_KASAN)
  file(GLOB sources CONFIGURE_DEPENDS boot/*.cc devices/*.cc kernel/*.cc release/*.cc witness/*.cc replay/*.cc images/*.cc)
  add_test(NAME board.tidy COMMAND ${CMAKE_SOURCE_DIR}/ci/lib/tidy.sh ${CMAKE_BINARY_DIR} ${sources})
  return()
endif()

# The same lines from a real board's console.
add_test(NAME board.replay.serial
         COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/tests/serial_test.py $<TARGET_FILE:kyu-replay-guard.elf>)

# What the project began with.
add_test(NAME board.transfers.kyu.${story}
         COMMAND Python3::Interpreter ${linux_transfers} $<TARGET_FILE:kyu.${story}.elf> --expect "PANIC: BSD tcp")
add_test(NAME board.transfers.kyu-guard.${story}
         COMMAND Python3::Interpreter ${linux_transfers} $<TARGET_FILE:kyu-guard.${story}.elf> --interrupt-at 0
                 --expect "so_rcv.sb_lock of socket")
set_tests_properties(board.transfers.kyu.${story} board.transfers.kyu-guard.${story}
                     PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
