/** 1: it failed, or `doctor` warns; 2: it was called wrongly, or `doctor` found an error. */
export const EXIT = { ok: 0, failed: 1, warning: 1, usage: 2, error: 2 } as const
