// The sessions the page offers, as its server tells of them.

export interface SessionEntry {
  readonly id: string
  readonly name: string
  /** Where its log or telemetry.json is to be had; of a live one, its stream of lines. */
  readonly href: string
  readonly live?: boolean
  /** Spans in which the learner had no network, epoch ms. */
  readonly offline?: readonly (readonly [number, number])[]
}
