@server @deposits
Feature: Refunds give back what was paid, and no more

  @DEP-REF-01 @must
  Rule: only a completed deposit is refunded

    Scenario Outline: a deposit that is <status>, in the <place>
      Given calls to the <place>
      And a deposit of 100 that is <status>
      When a refund of 60 is requested
      Then it was refused

      Examples:
        | status                         | place       |
        | every status without a payment | every place |

    @full
    Scenario Outline: all of a deposit that is <status>
      Given a deposit of 100 that is <status>
      When a refund of all of it is requested
      Then it was refused

      Examples:
        | status                         |
        | every status without a payment |

    @last @alone @full
    Scenario Outline: the first cancelled deposit of the run, when it is <moment>
      Given the first cancelled deposit of the run
      When it is <moment>
      And a refund of 60 is requested
      Then it was refused

      Examples:
        | moment       |
        | every moment |

    # Of two ids that name two deposits the merchant may mean either: the money tells which was refunded.
    @full
    Scenario Outline: a deposit that is <status>, with the invoice of one that is completed
      Given a deposit of 100 that is <status>
      When a refund of 60 of it is requested with the invoice of a deposit of 100 that is completed
      Then it was refused, or was of the completed deposit

      Examples:
        | status                         |
        | every status without a payment |

    Scenario Outline: a deposit that is <status>, and is paid later
      Given a deposit of 100 that is <status>
      When a refund of 60 is requested
      And the deposit is paid
      And a refund of 60 is requested
      Then the first was refused and the last accepted
      And 40 of the deposit can still be refunded

      Examples:
        | status         |
        | not paid yet   |
        | not opened yet |
        | released early |

  @DEP-REF-02 @must
  Rule: refunds never sum to more than the deposit

    Scenario Outline: refunds of <amounts>, in the <place>
      Given calls to the <place>
      And a deposit of 100 that is completed
      When refunds of <amounts> are requested
      Then all but the last were accepted, and the last refused because of its amount
      And <left> of the deposit can still be refunded

      Examples:
        | amounts               | left  | place             |
        | 100.01                | 100   | every place       |
        | 1000000               | 100   | first environment |
        | 60, 60                | 40    | every place       |
        | 99.99, 0.02           | 0.01  | every place       |
        | 33.34, 33.33, 33.34   | 33.33 | first environment |
        | 0.01, 0.01, 0.01, 100 | 99.97 | first environment |

    # The documents have a code for an amount that is too large, and none for a deposit of
    # which nothing is left.
    Scenario Outline: refunds of <amounts>, the last when nothing is left
      Given a deposit of 100 that is completed
      When refunds of <amounts> are requested
      Then all but the last were accepted, and the last refused

      Examples:
        | amounts        |
        | 60, 40, 0.01   |
        | 100, 100       |
        | all, 0.01      |
        | all, all       |

    Scenario Outline: what is left after a refund that is <status>
      Given a deposit of 100 that is completed
      And a refund of 60 of it that is <status>
      When a refund of 60 is requested
      Then it was refused because of its amount
      And 40 of the deposit can still be refunded

      Examples:
        | status    |
        | delivered |
        | completed |

    @full
    Scenario Outline: what is left after two refunds, of which <history>
      Given a deposit of 100 that is completed
      And refunds of 40 and 20 of it, of which <history>
      When a refund of 40.01 is requested
      Then it was refused because of its amount
      And 40 of the deposit can still be refunded

      Examples:
        | history                      |
        | every history of two refunds |

    Scenario Outline: refunds of <amounts>, of which one is no amount
      Given a deposit of 100 that is completed
      When refunds of <amounts> are requested
      Then the first was accepted and the last refused

      Examples:
        | amounts       |
        | 100, -60, 60  |
        | 60, -60, 60   |
        | 100, 0, 0.01  |

    # A hundred times these is not what it seems to a program that counts in binary fractions.
    Scenario Outline: a refund of <beyond> of a deposit of <amount>
      Given a deposit of <amount> that is completed, where the target takes one so large
      When a refund of <beyond> is requested
      Then it was refused because of its amount
      And <amount> of the deposit can still be refunded

      Examples:
        | amount  | beyond  |
        | 128.13  | 128.14  |
        | 256.02  | 256.03  |
        | 1130.05 | 1130.06 |

    Scenario Outline: refunds of <amounts> of a deposit of <amount>
      Given a deposit of <amount> that is completed, where the target takes one so large
      When refunds of <amounts> are requested
      Then all but the last were accepted, and the last refused because of its amount
      And <left> of the deposit can still be refunded

      Examples:
        | amount    | amounts              | left     |
        | 999.99    | 600, 400             | 399.99   |
        | 1500      | 1000, 500.01         | 500      |
        | 12345.67  | 1200, 11145.68       | 11145.67 |
        | 250000.50 | 125000.25, 125000.26 | 125000.25 |

    # Whether a rejected refund gives its amount back is not documented, and not judged.
    Scenario: what is left after a refund that is rejected
      Given a deposit of 100 that is completed
      And a refund of 100 of it that is rejected
      When refunds of 100, 50 are requested
      Then the last was refused

    Scenario Outline: a cent more than a deposit of <amount>
      Given a deposit of <amount> that is completed, where the target takes one so large
      When refunds of <beyond> are requested
      Then it was refused

      Examples:
        | amount      | beyond      |
        | 900000      | 900000.01   |
        | 21474836.48 | 21474836.49 |

    Scenario: refunds up to the last cent
      Given a deposit of 100 that is completed
      When refunds of 33.33, 33.33, 33.34 are requested
      Then all of them were accepted

    # The documents leave open whether a refund without an amount is of all or of what is left.
    Scenario: a refund without an amount after another
      Given a deposit of 100 that is completed
      When refunds of 30, all, all are requested
      Then those that were accepted sum to no more than 100, as their statuses tell

    Scenario: refunds at once
      Given a deposit of 100 that is completed
      When 8 refunds of 30 are requested at once
      Then at most 3 of them were accepted
      And 10 of the deposit can still be refunded

    @last @alone @full
    Scenario Outline: the first refunded deposit of the run, when it is <moment>
      Given the first refunded deposit of the run
      When it is <moment>
      And a refund of 40.01 is requested
      Then it was refused because of its amount

      Examples:
        | moment       |
        | every moment |

    @full
    Scenario: refunds of two deposits in turn
      Given two deposits of 100 that are completed
      When refunds of 60 are requested of one and the other, and again
      Then the first two were accepted, and the others refused
