/** Says how many characters of a long text are not laid out, below those that are. */
export function Omitted({ of: { length }, shown }: { of: string; shown: number }) {
  return length > shown && <em>{`\n${length - shown} more characters`}</em>
}
