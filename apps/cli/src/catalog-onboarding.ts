/** The commands of onboarding, as the catalogue has them: requests, what they are decided on, and what they cost. */
import type { CatalogEntry } from './catalog.ts';

export const onboardingCatalog: readonly CatalogEntry[] = [
  {
    name: 'request',
    summary: 'Ask for topics and access, and see what became of it',
    commands: [
      {
        name: 'create',
        summary: 'Ask for a topic, access to one, a change, a promotion or a retirement',
        load: async () => (await import('./commands/request-create.ts')).requestCreate,
      },
      {
        name: 'list',
        summary: 'List requests, newest first',
        load: async () => (await import('./commands/request-list.ts')).requestList,
      },
      {
        name: 'show',
        summary: 'Show a request, what policies said of it, and how it goes',
        load: async () => (await import('./commands/request-show.ts')).requestShow,
      },
      {
        name: 'withdraw',
        summary: 'Take a request back that waits or has failed',
        load: async () => (await import('./commands/request-withdraw.ts')).requestWithdraw,
      },
      {
        name: 'credentials',
        summary: 'Show the first passwords of the applications that a request has made, once',
        load: async () => (await import('./commands/request-credentials.ts')).requestCredentials,
      },
    ],
  },
  {
    name: 'approve',
    summary: 'Approve a request that waits; never one of your own',
    load: async () => (await import('./commands/approve.ts')).approve,
  },
  {
    name: 'refuse',
    summary: 'Refuse a request that waits',
    load: async () => (await import('./commands/refuse.ts')).refuse,
  },
  {
    name: 'capacity',
    summary: 'Show what clusters have room for, fullest first',
    load: async () => (await import('./commands/capacity.ts')).capacity,
  },
  {
    name: 'cost',
    summary: 'Show what topics cost in a month, dearest first',
    load: async () => (await import('./commands/cost.ts')).cost,
  },
];
