// Arguments and options that several commands have.

export const FOLDER = ['[folder]', 'a course folder', '.'] as const
export const JSON_OPTION = ['--json', 'print JSON'] as const
export const DEBUG_OPTION = ['--debug', 'print what happens on stderr, as it happens'] as const

/** Prints the value as JSON, or what `text` makes of it. */
export type Print = (json: boolean | undefined, value: unknown, text: () => string) => void
