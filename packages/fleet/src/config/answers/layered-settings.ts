/**
 * Settings of clients, one layer over the other: the standard of the role, then how the cluster is reached, then the
 * rules that hold. What the connection makes no use of is left out.
 *
 * The same layers give the same object, and so do others that come to the same text: thousands of answers share it, and
 * whoever compares two of them compares identities first.
 */
import type { ConfigSetting } from '@millrace/api/config';
import type { ClientSetting, Role } from '@millrace/api/declared';
import { securityKeys } from '@millrace/client/java-configuration';
import { isOfRole, standardSettings } from './standard-settings.ts';

export type Settings = Readonly<Record<string, ConfigSetting>>;

export interface LayeredSettings {
  /** `security.protocol` in capitals; empty where nobody says one. */
  readonly protocol: string;
  /** Names ascending. */
  readonly settings: Settings;
  /** The same for who logs in with a password: its mechanism is ours, unless a rule says another. */
  readonly withPassword: Settings;
}

/** How a cluster is reached; one object for as long as it says the same. */
export interface SettingsWay {
  readonly settings: Readonly<Record<string, string>>;
}

const mechanism = 'SCRAM-SHA-512';
const rulePrefix = 'client setting ';

export class SettingLayers {
  readonly #byWay = new WeakMap<SettingsWay, Map<string, LayeredSettings>>();
  readonly #before: ReadonlyMap<string, Settings>;
  readonly #byText = new Map<string, Settings>();

  /** @param before what these follow on, whose objects are used where they say the same */
  constructor(before?: SettingLayers) {
    this.#before = before === undefined ? new Map() : new Map(before.#byText);
  }

  /** @param rules those that hold, in the order in which they are applied */
  of(role: Role, cluster: string, way: SettingsWay, rules: readonly ClientSetting[]): LayeredSettings {
    const ofWay = this.#byWay.get(way) ?? new Map<string, LayeredSettings>();
    this.#byWay.set(way, ofWay);
    const key = `${role}\n${cluster}\n${rules.map(({ name }) => name).join('\n')}`;
    const known = ofWay.get(key);
    if (known !== undefined) return known;
    const settings = layered(role, cluster, way, rules);
    const protocol = settings.get('security.protocol')?.value.toUpperCase() ?? '';
    const plain = this.#shared(settings);
    if (settings.get('sasl.mechanism')?.rule.startsWith(rulePrefix) !== true) {
      settings.set('sasl.mechanism', { value: mechanism, rule: 'credential' });
    }
    const made = { protocol, settings: plain, withPassword: this.#shared(settings) };
    ofWay.set(key, made);
    return made;
  }

  #shared(settings: ReadonlyMap<string, ConfigSetting>): Settings {
    const sorted = Object.fromEntries([...settings].sort(([a], [b]) => (a < b ? -1 : 1)));
    const text = JSON.stringify(sorted);
    const shared = this.#byText.get(text) ?? this.#before.get(text) ?? sorted;
    this.#byText.set(text, shared);
    return shared;
  }
}

function layered(
  role: Role,
  cluster: string,
  way: SettingsWay,
  rules: readonly ClientSetting[],
): Map<string, ConfigSetting> {
  const settings = new Map<string, ConfigSetting>();
  const put = (given: Readonly<Record<string, string | number | boolean>>, rule: string): void => {
    for (const [name, value] of Object.entries(given)) {
      if (isOfRole(name, role)) settings.set(name, { value: String(value), rule });
    }
  };
  const standard = `standard ${role}`;
  put(standardSettings[role], standard);
  put(way.settings, `cluster ${cluster}`);
  for (const rule of rules) put(rule.set, `${rulePrefix}${rule.name}`);
  // Producers refuse the two together: who asks for fewer acknowledgements goes without the standard's idempotence.
  const isAcksLowered = !['all', '-1'].includes(settings.get('acks')?.value ?? 'all');
  if (isAcksLowered && settings.get('enable.idempotence')?.rule === standard) settings.delete('enable.idempotence');
  const protocol = (settings.get('security.protocol')?.value ?? 'PLAINTEXT').toUpperCase();
  for (const key of settings.keys()) {
    if (!securityKeys.has(key) || key === 'security.protocol') continue;
    const isUsed = key.startsWith('sasl.') ? protocol.startsWith('SASL') : protocol.endsWith('SSL');
    if (!isUsed) settings.delete(key);
  }
  return settings;
}
