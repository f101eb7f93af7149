@ The corpus of the day on which the image was built.
        .section .rodata.inputs, "a"
        .balign 4
        .global embedded_inputs, embedded_inputs_end
embedded_inputs:
        .incbin KYU_INPUTS
embedded_inputs_end:
