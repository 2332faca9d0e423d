//! Every setting, read once; a wrong value stops the start with a sentence that names it.
