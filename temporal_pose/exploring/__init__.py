"""A look inside a network: what a layer of it says of many samples, and what can be made of that.

One more letter for the axes beside those of the package: N samples, D features of a sample, C
components. Keypoints are *shares of the crop*, 0 at its left or upper edge and 1 at its right or
lower one, so that crops of any size are compared.
"""
