@ One thread's registers for another's.
        .syntax unified
        .arm
        .arch   armv7ve

        .text
@ context_switch(uint32_t **save_sp, uint32_t *load_sp)
        .global context_switch
context_switch:
        push    {r4-r11, lr}
        str     sp, [r0]
        mov     sp, r1
        clrex
        pop     {r4-r11, pc}

@ Where a new thread begins, which has never been in context_switch() itself: r5(r4).
        .global thread_trampoline
thread_trampoline:
        mov     fp, #0                          @ call stacks end here
        mov     r0, r4
        blx     r5
        b       .                               @ it does not return
