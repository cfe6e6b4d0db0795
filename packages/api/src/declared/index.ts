export { Acl, Quota } from './access.ts';
export { Bootstrap, Capacity, Cluster, ConnectCluster, clusterFields, Prices } from './cluster.ts';
export { Connector, Mirror } from './flows.ts';
export { type Kind, type KindName, kindNames, kinds, type Spec } from './kinds.ts';
export { closed, Description, Name, Setting } from './names.ts';
export { Environment, Season, Site, Zone } from './places.ts';
export { Policy } from './policy.ts';
export { Budget, Team } from './team.ts';
export { Application, DataClass, ExpectedLoad, Role, Topic, TopicUse } from './topic.ts';
