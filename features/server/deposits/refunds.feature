@server @deposits
Feature: Refunds give back what was paid, and no more

  @DEP-REF-01 @must
  Rule: only a completed deposit is refunded

    Scenario Outline: a deposit that is <status>
      Given a deposit of 100 that is <status>
      When a refund of 60 is requested
      Then it was refused

      Examples:
        | status       |
        | not paid yet |
        | cancelled    |

    Scenario: a deposit that is completed
      Given a deposit of 100 that is not paid yet
      When a refund of 60 is requested
      And the deposit is paid
      And a refund of 60 is requested
      Then the first was refused and the last accepted

  @DEP-REF-02 @must
  Rule: refunds never sum to more than the deposit

    Scenario Outline: refunds of <amounts>
      Given a deposit of 100 that is completed
      When refunds of <amounts> are requested
      Then all but the last were accepted, and the last refused because of its amount

      Examples:
        | amounts        |
        | 100.01         |
        | 60, 60         |
        | 99.99, 0.02    |

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

    Scenario: refunds up to the last cent
      Given a deposit of 100 that is completed
      When refunds of 33.33, 33.33, 33.34 are requested
      Then all of them were accepted

    Scenario: refunds at once
      Given a deposit of 100 that is completed
      When 8 refunds of 30 are requested at once
      Then at most 3 of them were accepted
      And 10 of the deposit can still be refunded
