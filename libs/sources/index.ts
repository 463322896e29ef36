export { type ArtifactBytes, bytesInObjects, bytesInPostgres, type ObjectStore } from './artifact-bytes.js';
export { openArtifactBytes } from './open-artifact-bytes.js';
export { type ReceivedZip, receiveZip } from './receive-zip.js';
export { defaultZipLimits, type ZipLimits } from './zip-refusal.js';
