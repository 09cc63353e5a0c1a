const placeholder = 1;
