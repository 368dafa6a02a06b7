export function recordWorkshop(folder: string): Promise<{
  log: string
  /** Requests that were answered; `late`: of attempts made while there was no network. */
  delivered: { batch: number; stream: number; late: number }
}>
