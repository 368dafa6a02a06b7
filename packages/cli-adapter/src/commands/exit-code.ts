/**
 * 1: it failed, or `doctor` warns; 2: it was called wrongly, or `doctor` found an error; 70 (EX_SOFTWARE of sysexits.h): a
 * bug of ours; 130: Ctrl-C at a question.
 */
export const EXIT = { ok: 0, failed: 1, warning: 1, usage: 2, error: 2, bug: 70, interrupted: 130 } as const
