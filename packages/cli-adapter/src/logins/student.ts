/** Who logged in, as LearnPack passes it. */
export interface Student {
  /** The only thing of it that is recorded. */
  readonly user_id: string | number
  /** Not looked at. */
  readonly email?: string
  /** Stays in memory, and goes to the origins that may have it only. */
  readonly token?: string
}
