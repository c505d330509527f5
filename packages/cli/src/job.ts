// A process of `advrob evaluate --jobs`: computes the batches that its parent gives it.
import { serveJob } from './evaluation/job.js';

serveJob();
