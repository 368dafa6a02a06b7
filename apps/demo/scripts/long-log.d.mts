/** The text of a log of so many events, in a course of 30 steps. */
export function longLog(events: number): string
