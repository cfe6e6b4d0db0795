/** A fixed thing that the server hands out: a page, a style sheet, a script. */

export interface Asset {
  readonly path: string;
  readonly contentType: string;
  /** The text, or how to make it for the host name under which the server was called (an IPv6 address in brackets). */
  readonly body: string | ((hostName: string) => string);
  /** Headers besides those that every answer has; a function gets the host name. */
  readonly headers?: Record<string, string> | ((hostName: string) => Record<string, string>) | undefined;
  /** Pages of other origins may load it. */
  readonly anyOrigin?: boolean | undefined;
}
