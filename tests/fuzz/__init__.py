"""Hostile input: any bytes get an answer or a coded error, in time and within memory."""
