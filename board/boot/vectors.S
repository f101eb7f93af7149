@ The eight exception vectors, and what saves the registers before C++ goes on.
        .syntax unified
        .arm
        .arch   armv7ve

        .equ    MODE_SVC, 0x13
        .equ    NO_INTERRUPTS, 0xc0
        .equ    THUMB, 0x20

        .section .text.vectors, "ax"
        .balign 32                              @ VBAR's alignment
        .global vectors
vectors:
        b       reset
        b       undefined
        b       supervisor_call
        b       prefetch_abort
        b       data_abort
        b       .                               @ HYP mode's
        b       interrupt
        b       .                               @ FIQs are off

@ A fault ends the system: registers go to the faulting mode's own stack as a board::registers, and
@ board_fault(kind, &registers) reports. `back` leads from LR to the instruction.
        .macro  fault name, kind, back
\name:
        sub     sp, sp, #72
        stmia   sp, {r0-r12}
        sub     lr, lr, #\back
        str     lr, [sp, #60]
        mrs     r0, spsr
        str     r0, [sp, #64]
        mov     r5, sp
        mrs     r4, cpsr
        bic     r1, r0, #THUMB
        orr     r1, r1, #NO_INTERRUPTS
        msr     cpsr_c, r1                      @ the mode that was interrupted, for its SP and LR
        mov     r2, sp
        mov     r3, lr
        msr     cpsr_c, r4
        str     r2, [r5, #52]
        str     r3, [r5, #56]
        mov     r0, #\kind
        mov     r1, r5
        mov     fp, #0
        bl      board_fault
        .endm

        fault   undefined, 0, 4
        fault   prefetch_abort, 1, 4
        fault   data_abort, 2, 8

@ Nobody makes supervisor calls but semihosting (devices/semihosting.h), and where no debugger or emulator took
@ that, it returns with r0 unchanged.
supervisor_call:
        movs    pc, lr

@ Threads run in SVC mode, and an interrupt's frame lies on the interrupted thread's stack: board_interrupt()
@ may switch to another thread, and comes back here when this one goes on.
interrupt:
        sub     lr, lr, #4
        srsdb   sp!, #MODE_SVC
        cps     #MODE_SVC
        push    {r0-r3, r12, lr}
        add     r0, sp, #20                     @ LR, and behind it PC and CPSR for rfe
        and     r1, sp, #4                      @ the procedure call standard wants 8
        sub     sp, sp, r1
        push    {r1, r2}
        mov     r1, fp
        bl      board_interrupt
        pop     {r1, r2}
        add     sp, sp, r1
        pop     {r0-r3, r12, lr}
        rfeia   sp!
