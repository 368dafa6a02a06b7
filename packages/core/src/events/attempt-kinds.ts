// The kinds of attempt at a step. Event schemas, the fold, the wire and the lists of telemetry.json follow this table.

export const TEXTS_OF_RUN = ['source_code', 'stdout', 'stderr'] as const

/**
 * One row for each kind: the `type` of its events; its `list` in a step of telemetry.json, and what the published schema says
 * `about` that; which fields are base64 on the wire (SPEC §4); whether it ends with an exit code; and whether only some courses
 * have the list. Attempts of the same moment are put in the order of their rows.
 */
export const ATTEMPT_KINDS = [
  {
    type: 'compile',
    list: 'compilations',
    about: 'Runs, in order',
    encoded: TEXTS_OF_RUN,
    isRun: true,
    isOptional: false,
  },
  {
    type: 'test',
    list: 'tests',
    about: 'Runs of the tests, in order',
    encoded: TEXTS_OF_RUN,
    isRun: true,
    isOptional: false,
  },
  {
    type: 'ai_interaction',
    list: 'ai_interactions',
    about: 'Questions to the AI tutor, in order',
    encoded: ['source_code'],
    isRun: false,
    isOptional: false,
  },
  {
    type: 'quiz_submission',
    list: 'quiz_submissions',
    about: 'Answers to the quizzes of the step, in order: a list where we wrote it',
    encoded: [],
    isRun: false,
    isOptional: true,
  },
] as const

type AttemptKind = (typeof ATTEMPT_KINDS)[number]
export type AttemptType = AttemptKind['type']
export type AttemptList = AttemptKind['list']
export type OptionalList = Extract<AttemptKind, { isOptional: true }>['list']

export const ATTEMPT_LISTS: readonly AttemptList[] = ATTEMPT_KINDS.map(({ list }) => list)
/** The lists that only some courses have. */
export const OPTIONAL_LISTS = ATTEMPT_KINDS.flatMap((kind) => (kind.isOptional ? [kind.list] : []))

/** An object with a value for each list. */
export const byList = <T>(value: (kind: AttemptKind) => T): Record<AttemptList, T> =>
  Object.fromEntries(ATTEMPT_KINDS.map((kind) => [kind.list, value(kind)])) as Record<AttemptList, T>

/** An object with a value for each type. */
export const byType = <T>(value: (kind: AttemptKind) => T): Record<AttemptType, T> =>
  Object.fromEntries(ATTEMPT_KINDS.map((kind) => [kind.type, value(kind)])) as Record<AttemptType, T>

export const isAttemptList = (key: string): key is AttemptList =>
  (ATTEMPT_LISTS as readonly string[]).includes(key)
