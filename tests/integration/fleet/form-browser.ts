/** As much of a browser as a login takes: cookies, which know no ports, redirects, and forms. */
export class FormBrowser {
  readonly #cookies = new Map<string, string>();
  /** Of the page that is open. */
  url = '';
  status = 0;
  text = '';
  headers = new Headers();

  async open(url: string): Promise<void> {
    await this.#go('GET', new URL(url));
  }

  /** Sends the first form of the page with these values besides those that it has. */
  async submit(values: Readonly<Record<string, string>>): Promise<void> {
    const form = /<form[^>]*action="([^"]+)"[^>]*>([\s\S]*?)<\/form>/.exec(this.text);
    if (form === null) throw new Error(`no form at ${this.url}: ${this.text.slice(0, 500)}`);
    const body = new URLSearchParams();
    for (const [tag] of (form[2] as string).matchAll(/<input[^>]*>/g)) {
      const name = /name="([^"]*)"/.exec(tag)?.[1];
      if (name !== undefined) body.set(name, /value="([^"]*)"/.exec(tag)?.[1] ?? '');
    }
    for (const [name, value] of Object.entries(values)) body.set(name, value);
    await this.#go('POST', new URL(form[1] as string, this.url), body);
  }

  /** The Cookie header for a server on this machine. */
  get cookies(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  forget(pattern: RegExp): void {
    for (const name of this.#cookies.keys()) if (pattern.test(name)) this.#cookies.delete(name);
  }

  async #go(method: string, url: URL, body?: URLSearchParams): Promise<void> {
    const answer = await fetch(url, {
      method,
      redirect: 'manual',
      headers: { cookie: this.cookies },
      ...(body && { body }),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] as string).split(/=(.*)/s);
      if (value === '' || /max-age=0|expires=thu, 01 jan 1970/i.test(line)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    this.url = url.href;
    this.status = answer.status;
    this.headers = answer.headers;
    this.text = await answer.text();
    const location = answer.headers.get('location');
    if (location !== null) await this.#go('GET', new URL(location, url));
  }
}
