"""Videos and folders of images, frame by frame."""
