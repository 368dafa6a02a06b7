/** For what must not trouble whoever asks, the host above all: what it came to, undefined where it failed. */
export function quietly<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch {
    return undefined
  }
}
