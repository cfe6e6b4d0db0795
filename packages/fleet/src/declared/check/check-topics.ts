/** Topics: Kafka's rules for their names, and for what can be set for them. */
import type { Topic } from '@millrace/api/declared';
import type { Complain, Finding } from './finding.ts';
import { settingProblem } from './topic-settings.ts';

export function checkTopic(topic: Topic, complain: Complain): void {
  const problem = topicNameProblem(topic.name);
  if (problem !== undefined) complain(['name'], problem);
  for (const [name, value] of Object.entries(topic.configs ?? {})) {
    const wrong = settingProblem(name, value);
    if (wrong !== undefined) complain(['configs', name], wrong);
  }
  const inSync = Number(topic.configs?.['min.insync.replicas']);
  if (topic.replicas !== undefined && inSync > topic.replicas) {
    const message = `is ${inSync} while there are ${topic.replicas} replicas: no write with acks=all would be accepted`;
    complain(['configs', 'min.insync.replicas'], message);
  }
}

/** What is wrong with a topic's name; undefined when it is one that may be declared. */
export function topicNameProblem(name: string): string | undefined {
  if (name === '.' || name === '..') return `${JSON.stringify(name)} can't be the name of a topic`;
  if (!/^[A-Za-z0-9._-]{1,249}$/.test(name)) {
    return `${JSON.stringify(name)} is not made of up to 249 letters, digits, ., - and _`;
  }
  if (name.startsWith('__')) return `${name} is Kafka's own: it makes what begins with __ itself`;
  return undefined;
}

/** In metrics . and _ are one, and Kafka refuses the second of two topics whose names are then the same. */
export function collisionsOf(topics: readonly Topic[]): Finding[] {
  const seen = new Map<string, string>();
  return topics.flatMap(({ cluster, name }, index): Finding[] => {
    const metric = `${cluster}/${name.replaceAll('.', '_')}`;
    const other = seen.get(metric) ?? name;
    seen.set(metric, other);
    if (other === name) return [];
    const message = `${name} collides with ${other} above: Kafka takes . and _ in names of topics for the same`;
    return [{ steps: ['topics', index, 'name'], message }];
  });
}
