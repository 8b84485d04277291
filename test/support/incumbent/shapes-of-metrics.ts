/** What the incumbent says of its own work: one measure each, and many put together; fields in its order, each with its type. */

export const METRIC_TEXTS = {
  MetricJSON: `
Timestamp string
Hostname string
Port int
BackendLatencySeconds number
InstanceLatencySeconds number
TotalLatencySeconds number
Err any
`,
  AggregatedDiscoveryMetrics: `
FirstSeen string
LastSeen string
CountDistinctInstanceKeys int
CountDistinctOkInstanceKeys int
CountDistinctFailedInstanceKeys int
FailedDiscoveries int
SuccessfulDiscoveries int
MeanTotalSeconds number
MaxTotalSeconds number
MedianTotalSeconds number
P95TotalSeconds number
MeanBackendSeconds number
MaxBackendSeconds number
MedianBackendSeconds number
P95BackendSeconds number
MeanInstanceSeconds number
MaxInstanceSeconds number
MedianInstanceSeconds number
P95InstanceSeconds number
FailedMeanTotalSeconds number
FailedMaxTotalSeconds number
FailedMedianTotalSeconds number
FailedP95TotalSeconds number
FailedMeanBackendSeconds number
FailedMaxBackendSeconds number
FailedMedianBackendSeconds number
FailedP95BackendSeconds number
FailedMeanInstanceSeconds number
FailedMaxInstanceSeconds number
FailedMedianInstanceSeconds number
FailedP95InstanceSeconds number
`,
  QueueMetric: `
Active int
Queued int
`,
  AggregatedQueueMetrics: `
ActiveMinEntries number
ActiveMeanEntries number
ActiveMedianEntries number
ActiveP95Entries number
ActiveMaxEntries number
QueuedMinEntries number
QueuedMeanEntries number
QueuedMedianEntries number
QueuedP95Entries number
QueuedMaxEntries number
`,
  QueryMetric: `
Timestamp string
WaitLatency int
ExecuteLatency int
Err any
`,
  AggregatedQueryMetrics: `
Count int
MaxExecuteSeconds number
MaxWaitSeconds number
MeanExecuteSeconds number
MeanWaitSeconds number
MedianExecuteSeconds number
MedianWaitSeconds number
P95ExecuteSeconds number
P95WaitSeconds number
`,
  WriteBufferMetric: `
Timestamp string
Instances int
WaitLatency int
WriteLatency int
`,
  AggregatedWriteBufferMetric: `
InstanceWriteBufferSize int
InstanceFlushIntervalMilliseconds int
CountInstances int
MaxInstances number
MeanInstances number
MedianInstances number
P95Instances number
MaxWaitSeconds number
MaxWriteSeconds number
MeanWaitSeconds number
MeanWriteSeconds number
MedianWaitSeconds number
MedianWriteSeconds number
P95WaitSeconds number
P95WriteSeconds number
`,
} as const;
