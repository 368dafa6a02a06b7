import type { RedactionKind } from '@learnpack/telemetry-core'

/** The visible mark that stands where something was taken out. Core's shape, without loading core for it. */
export const mark = (kind: RedactionKind) => `[redacted:${kind}]` as const
