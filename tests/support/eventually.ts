/** Waits for a condition that comes true by itself; rejects with what `describe` says after `timeoutMs`. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  options: { readonly timeoutMs?: number; readonly describe?: () => string } = {},
): Promise<void> {
  const { timeoutMs = 20_000, describe = () => 'the condition did not come true' } = options;
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`${describe()} within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
