export {
  BrokerDetail,
  BrokerView,
  ClusterDetail,
  ClusterView,
  getBrokerContract,
  getClusterContract,
  listBrokersContract,
  listChangesContract,
  listClustersContract,
  readAuthorizerLogContract,
  refreshClusterContract,
  reportUsesContract,
} from './clusters.ts';
export { GroupDetail, GroupView, getGroupContract, listGroupsContract } from './groups.ts';
export { ObservedChangeView } from './observed.ts';
export { querySeriesContract, SeriesName, seriesMax, seriesMetrics } from './series.ts';
export {
  getTopicContract,
  listTopicsContract,
  TopicDetail,
  TopicFlag,
  TopicUseView,
  TopicView,
  topicTableColumns,
  topicTableContract,
  topicTableFlags,
} from './topics.ts';
export { MirrorRoute, SearchHit, searchContract, Topology, topologyContract } from './topology.ts';
