/** The name of a field in JSON where none is given: `first_name` as `firstName`. */
export function jsonNameOf(name: string): string {
  return name.replaceAll(/_+(\w?)/g, (_, letter: string) => letter.toUpperCase());
}
