// Every operator registers itself.
import './attention.js';
import './binary.js';
import './control.js';
import './conv.js';
import './indexing.js';
import './linear.js';
import './norms.js';
import './pool.js';
import './quantize.js';
import './recurrent.js';
import './reduce.js';
import './resize.js';
import './shape.js';
import './unary.js';
