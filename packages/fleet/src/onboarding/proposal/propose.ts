/** Thinks a request through on the fleet as it is now. Pure; changes nothing. */
import type { AskedFor } from '@millrace/api/fleet';
import { takenNames } from './claimed-names.ts';
import type { Draft } from './draft.ts';
import type { FleetPicture } from './fleet-picture.ts';
import { proposeAccess } from './propose-access.ts';
import { proposeChange } from './propose-change.ts';
import { proposePromotion } from './propose-promotion.ts';
import { proposeRetirement } from './propose-retirement.ts';
import { proposeTopic } from './propose-topic.ts';

export function propose(asked: AskedFor, picture: FleetPicture): Draft {
  const draft = drafted(asked, picture);
  const field = asked.kind === 'access' ? '/asked/application' : '/asked/applications';
  const taken = takenNames(draft.proposal.applications, picture.applications, field);
  return { ...draft, issues: [...draft.issues, ...taken] };
}

function drafted(asked: AskedFor, picture: FleetPicture): Draft {
  switch (asked.kind) {
    case 'topic':
      return proposeTopic(asked, picture);
    case 'access':
      return proposeAccess(asked, picture);
    case 'change':
      return proposeChange(asked, picture);
    case 'promotion':
      return proposePromotion(asked, picture);
    case 'retirement':
      return proposeRetirement(asked, picture);
  }
}
