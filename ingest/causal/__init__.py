"""Clamps of many neurons beside two nulls: does a neuron write what it decodes to?"""
