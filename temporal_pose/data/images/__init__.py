"""Single images of people: readers, crops, augmentation, and the data module over them."""
