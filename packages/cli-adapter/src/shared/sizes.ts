// Sizes for a person, in steps of a thousand.

/** @param bytes as all sizes are given */
export const kilobytes = (bytes: number): string => `${(bytes / 1_000).toFixed(1)} kB`

export const megabytes = (bytes: number): string => `${Math.round(bytes / 1_000_000).toLocaleString('en')} MB`
