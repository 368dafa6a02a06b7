// What takes out of a text what must not be kept: core knows which texts, and is given how.

/**
 * Returns the text with what must not be kept replaced by a visible mark. Runs within `record`, so its time is the
 * host's. Where it throws, or returns no string, nothing of the text is kept.
 * @param name of the field whose text it is, such as `stdout` or `password`; of a list, that of the list. Undefined for
 *   a text that is in no field
 */
export type Redactor = (text: string, name?: string) => string
