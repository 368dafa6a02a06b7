// What is known at one moment of the log and of the lease: what is sent is decided by it, and an answer that comes later is
// compared with it.

export interface Turn {
  /** Of the lease; undefined while another process delivers. In a new term, another process may have stored the cursors. */
  readonly term: number | undefined
  /** Whether anything may be sent. Never without a term. */
  readonly maySend: boolean
  /** Byte offset up to which the log is folded. */
  readonly position: number
  /** Byte offset of the latest login, -1 where there was none. */
  readonly lastLogin: number
  /** How often the log was replaced by another one. */
  readonly restarts: number
}

/** Whether this process delivers the same log as then, and has done so all the time. */
export const isSameTerm = (now: Turn, then: Turn): boolean =>
  now.term === then.term && now.restarts === then.restarts
