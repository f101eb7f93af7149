@ From reset to board_start(). U-Boot (go, bootelf) comes here in secure or non-secure SVC mode or in HYP mode,
@ QEMU's -kernel in secure SVC mode; caches and MMU are off. One processor runs, the others stay where they are.
        .syntax unified
        .arm
        .arch   armv7ve

        .equ    MODE_IRQ, 0x12
        .equ    MODE_SVC, 0x13
        .equ    MODE_ABT, 0x17
        .equ    MODE_HYP, 0x1a
        .equ    MODE_UND, 0x1b
        .equ    NO_INTERRUPTS, 0xc0             @ I and F bits

        .section .text.reset, "ax"
        .global reset
reset:
        cpsid   if
        mrs     r0, cpsr
        and     r1, r0, #0x1f
        cmp     r1, #MODE_HYP
        bne     keep_data
        adr     r1, keep_data                   @ leave HYP mode for SVC mode
        msr     ELR_hyp, r1
        bic     r0, r0, #0x1f
        orr     r0, r0, #(MODE_SVC | NO_INTERRUPTS)
        msr     spsr_hyp, r0
        eret

@ Initialised data as they came are kept, so that the image can start once more without being loaded again.
keep_data:
        ldr     r0, =data_kept
        ldr     r1, =data_kept_end
        ldr     r2, =data_start
        bl      copy
        ldr     r0, =noinit_start
        ldr     r1, =noinit_end
        bl      clear

@ A start without a reset: everything but .noinit begins again.
        .global restart
restart:
        cpsid   if
        ldr     r0, =vectors
        mcr     p15, 0, r0, c12, c0, 0          @ VBAR
        cps     #MODE_IRQ
        ldr     sp, =irq_stack_top
        cps     #MODE_ABT
        ldr     sp, =abort_stack_top
        cps     #MODE_UND
        ldr     sp, =undefined_stack_top
        cps     #MODE_SVC
        ldr     sp, =boot_stack_top
        mov     fp, #0                          @ call stacks end here

        ldr     r0, =data_start
        ldr     r1, =data_end
        ldr     r2, =data_kept
        bl      copy
        ldr     r0, =bss_start
        ldr     r1, =bss_end
        bl      clear
        bl      board_start
        b       .                               @ it does not return

@ r0..r1 becomes what lies from r2 on.
copy:
1:      cmp     r0, r1
        ldrlo   r3, [r2], #4
        strlo   r3, [r0], #4
        blo     1b
        bx      lr

@ r0..r1 becomes zero.
clear:
        mov     r2, #0
1:      cmp     r0, r1
        strlo   r2, [r0], #4
        blo     1b
        bx      lr
