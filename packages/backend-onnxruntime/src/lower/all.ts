import './arrangement.js';
import './convolution.js';
import './convolution-filter-gradient.js';
import './convolution-input-gradient.js';
import './elementwise-ops.js';
import './matmul.js';
import './pooling.js';
import './reduction.js';
